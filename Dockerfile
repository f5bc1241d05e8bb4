# Polar as an image: the bot, the dashboard and the exports are one program with several commands.
#
#   docker build --tag polar .
#   docker run --rm polar demo --exit
#
# Everything that a bot keeps lies in /data; nothing else is written, so that the root file system may be read-only.
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS made
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/polar
# The lock first: a change of Polar itself then needs no new download.
COPY requirements/run.txt /source/requirements/
RUN /opt/polar/bin/pip install --no-deps --require-hashes --requirement /source/requirements/run.txt
COPY . /source
RUN /opt/polar/bin/pip install --no-deps /source && /opt/polar/bin/pip check

FROM ${PYTHON}
RUN groupadd --system --gid 10001 polar \
    && useradd --system --uid 10001 --gid polar --no-create-home --home-dir /data polar \
    && install --directory --owner=polar --group=polar --mode=0700 /data
COPY --from=made /opt/polar /opt/polar
ENV PATH=/opt/polar/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER polar
WORKDIR /data
VOLUME /data
# SIGTERM is a stop: what is in hand is finished first, within POLAR_SHUTDOWN_SECONDS.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s CMD ["polar", "doctor", "--alive"]
ENTRYPOINT ["polar"]
CMD ["run"]
