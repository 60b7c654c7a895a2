# Two stages: the first builds the environment, the second has only what runs.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python3 -m venv /opt/tocsin && /opt/tocsin/bin/python -m pip install --quiet --upgrade pip
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY monitor monitor
COPY workers workers
COPY config config
COPY seeds seeds
RUN /opt/tocsin/bin/python -m pip install --quiet '.[embedded]' \
 && /opt/tocsin/bin/python -m pip uninstall --quiet --yes pip

FROM ${BASE}
# -P keeps what lies in the working folder from being imported in place of the real thing.
ENV PATH=/opt/tocsin/bin:$PATH PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1 \
    TOCSIN_CONFIG=/etc/tocsin/tocsin.toml TOCSIN__DATA_DIR=/var/lib/tocsin
RUN useradd --system --uid 10001 --home-dir /var/lib/tocsin --shell /usr/sbin/nologin tocsin \
 && mkdir -p /var/lib/tocsin /etc/tocsin \
 && chown tocsin:tocsin /var/lib/tocsin
COPY --from=build /opt/tocsin /opt/tocsin
USER tocsin
WORKDIR /var/lib/tocsin
VOLUME /var/lib/tocsin
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["tocsin", "health"]
ENTRYPOINT ["tocsin"]
CMD ["run"]
