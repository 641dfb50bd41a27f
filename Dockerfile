# Tunewise on Discord. The image brings the exported embedding model and a first index in /data.
#   docker build -t tunewise . && docker run --env-file .env -v tunewise:/data tunewise
FROM python:3.11-slim

# Where torch comes from. It is needed to export the embedding model, not to answer, so the small CPU build will do.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /app

# The packages first, in layers that a change of the code or the documents does not touch.
COPY constraints.txt ./
RUN pip install --no-deps --index-url "$TORCH_INDEX" "$(grep '^torch==' constraints.txt)"
COPY pyproject.toml README.md LICENSE ./
RUN mkdir bot knowledge && touch bot/__init__.py knowledge/__init__.py && pip install -c constraints.txt -e '.[postgres]'
COPY knowledge knowledge
COPY bot bot

RUN useradd --system --create-home tunewise && install -d -o tunewise -g tunewise /data
USER tunewise
ENV DATA_DIR=/data HF_HOME=/data/huggingface HEALTH_PORT=8080
# A new volume at /data starts as a copy of this.
RUN python -m knowledge index
VOLUME /data

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"HEALTH_PORT\"]}/healthz', timeout=4)"]
STOPSIGNAL SIGTERM

# Documents that changed are indexed first. Where that fails, the reason is logged and the last version answers.
CMD ["sh", "-c", "python -m knowledge index; exec python -m bot run"]
