"""New rows ring the alarm: a statement trigger notifies ``harbour`` with the table's name."""

from django.db import migrations

FUNCTION = """
create or replace function harbour_ring() returns trigger language plpgsql as $$
begin
    perform pg_notify('harbour', tg_table_name);
    return null;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("support", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION, "drop function harbour_ring()"),
        migrations.RunSQL(
            "create trigger outbox_rings after insert on support_outboxentry "
            "for each statement execute function harbour_ring()",
            "drop trigger outbox_rings on support_outboxentry",
        ),
        migrations.RunSQL(
            "create trigger event_rings after insert on support_event "
            "for each statement execute function harbour_ring()",
            "drop trigger event_rings on support_event",
        ),
    ]
