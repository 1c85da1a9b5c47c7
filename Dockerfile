# One image for all processes: web (the default), worker, beat and migrate differ by command.
# Pinned by its digest: docs/operations.md says how to renew it.
ARG PYTHON_IMAGE=python:3.11-slim@sha256:db3ff2e1800a8581e2c48a27c3995339d47bdf046da21c7627accd3d51053a93
FROM ${PYTHON_IMAGE}

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /srv/tributary

COPY requirements/production.txt requirements/
RUN pip install --no-cache-dir --no-compile --require-hashes -r requirements/production.txt

COPY . .
# The settings refuse to load without secrets; these exist for this one command.
RUN SECRET_KEY=build LINK_KEYS=build CLICK_KEYS=build DETAILS_KEYS=build PUBLIC_ID_KEY=build \
    BASE_URL=https://build.invalid \
    ALLOWED_HOSTS=build.invalid DATABASE_URL=postgres://build.invalid/build \
    REDIS_URL=redis://build.invalid EMAIL_URL=smtp://build.invalid \
    DEFAULT_FROM_EMAIL=build@build.invalid TRIBUTARY_MODE=production \
    python -m django collectstatic --settings config.settings --no-input --verbosity 0 --ignore "swagger*" \
    && useradd --system --uid 10001 --no-create-home tributary \
    && install --directory --owner tributary --mode 0700 /var/lib/tributary-metrics /var/lib/tributary-clicks

# Nothing of the image is the user's to write; docker-compose.yml makes the root read-only as well.
# /tmp, for beat's schedule and large uploads, and the folder of the metrics are in memory there.
USER 10001
ENV TRIBUTARY_MODE=production DJANGO_SETTINGS_MODULE=config.settings \
    PROMETHEUS_MULTIPROC_DIR=/var/lib/tributary-metrics
EXPOSE 8000
# Asks by a name that the settings allow; /healthz alone is answered without TLS.
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s CMD ["python", "-c", "\
import os, urllib.request as web; \
host = os.environ['ALLOWED_HOSTS'].split(',')[0].lstrip('.'); \
web.urlopen(web.Request('http://127.0.0.1:8000/healthz', headers={'Host': host}), timeout=3)"]
CMD ["python", "-m", "config.web", "--host", "0.0.0.0", "--port", "8000"]
