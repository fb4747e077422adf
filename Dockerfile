# syntax=docker/dockerfile:1

FROM node:22-slim AS assets
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY scripts/assets.js scripts/
COPY static static
RUN npm run build

FROM python:3.13-slim AS packages
COPY requirements/base.txt .
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r base.txt

FROM python:3.13-slim
# WeasyPrint draws PDFs with these.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home upstream
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY . .
COPY --from=assets /app/static/dist static/dist
# Collecting reads no database and no secret; the address only keeps the embedded PostgreSQL, which is not here, out of it.
RUN UPSTREAM_ENV=demo DATABASE_URL=postgres:///none python manage.py collectstatic --no-input --verbosity 0 \
    && install --directory --owner upstream /app/var /app/var/media
USER upstream
EXPOSE 8000
CMD ["gunicorn", "upstream.wsgi", "--bind", "0.0.0.0:8000", "--workers", "3", "--threads", "4", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--access-logfile", "-"]
