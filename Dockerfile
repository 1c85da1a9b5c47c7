# One image for all processes: web (the default), worker, beat and migrate differ by command.
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /srv/tributary

COPY requirements/production.txt requirements/
RUN pip install --no-cache-dir --no-compile --require-hashes -r requirements/production.txt

COPY . .
# The settings refuse to load without secrets; these exist for this one command.
RUN SECRET_KEY=build LINK_KEYS=build CLICK_KEYS=build DETAILS_KEYS=build BASE_URL=https://build.invalid \
    ALLOWED_HOSTS=build.invalid DATABASE_URL=postgres://build.invalid/build \
    REDIS_URL=redis://build.invalid EMAIL_URL=smtp://build.invalid \
    DEFAULT_FROM_EMAIL=build@build.invalid TRIBUTARY_MODE=production \
    python -m django collectstatic --settings config.settings --no-input --verbosity 0 \
    && useradd --system --no-create-home tributary \
    && install --directory --owner tributary /var/lib/tributary-metrics

USER tributary
ENV TRIBUTARY_MODE=production DJANGO_SETTINGS_MODULE=config.settings \
    PROMETHEUS_MULTIPROC_DIR=/var/lib/tributary-metrics
EXPOSE 8000
# Asks by a name that the settings allow; /healthz alone is answered without TLS.
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s CMD ["python", "-c", "\
import os, urllib.request as web; \
host = os.environ['ALLOWED_HOSTS'].split(',')[0].lstrip('.'); \
web.urlopen(web.Request('http://127.0.0.1:8000/healthz', headers={'Host': host}), timeout=3)"]
CMD ["python", "-m", "config.web", "--host", "0.0.0.0", "--port", "8000"]
