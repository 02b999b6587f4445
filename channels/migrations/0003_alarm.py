from django.db import migrations


def rings(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"create trigger {table}_rings after insert on {table} "
        "for each statement execute function harbour_ring()",
        f"drop trigger {table}_rings on {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("channels", "0002_initial"), ("support", "0002_alarm")]
    operations = [rings("channels_receipt"), rings("channels_delivery")]
