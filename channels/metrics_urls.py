from __future__ import annotations

from django.urls import path

from channels import metrics

app_name = "metrics"
urlpatterns = [path("", metrics.metrics, name="all")]
