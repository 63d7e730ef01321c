# The container image of ccs, for amd64 and arm64.
#
#   docker build -t cloudflare-cname-switcher .
#
# docs/docker.md says how to run it. No secret and no certificate of the building machine gets into it: .dockerignore lets in
# what the build needs and nothing else, and the image holds what the npm package holds.

# Builds on the machine's own architecture: what comes out is the same for all.
FROM --platform=$BUILDPLATFORM docker.io/library/node:24-trixie-slim AS build
WORKDIR /source
# Apart, so that the libraries are fetched anew only when the lock file changes.
COPY package.json package-lock.json .npmrc ./
COPY scripts/node/package.json scripts/node/
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY . .
# The first line of the launcher names the Node of the image below: there is no `env` in it, which would look for one.
RUN node scripts/package.ts \
  && mkdir -p /image/config /image/usr/local/bin /image/usr/local/lib/cloudflare-cname-switcher \
  && tar -xzf artifacts/cloudflare-cname-switcher-*.tgz --strip-components=1 --no-same-owner \
    -C /image/usr/local/lib/cloudflare-cname-switcher \
  && sed -i '1s|.*|#!/nodejs/bin/node|' /image/usr/local/lib/cloudflare-cname-switcher/dist/ccs.js \
  && ln -s ../lib/cloudflare-cname-switcher/dist/ccs.js /image/usr/local/bin/ccs \
  && mkdir -m 1777 /image/state

# Distroless: Node and the libraries that it needs, by Debian 13, which has security updates until 2028; no shell and no package
# manager for an intruder to use, and a third of the size of the slim image of Node. Its user 65532 has no rights but its own.
FROM gcr.io/distroless/nodejs24-debian13:nonroot
ARG VERSION=0.1.0
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title="cloudflare-cname-switcher" \
  org.opencontainers.image.description="Keeps a DNS name on Cloudflare pointing at the best of your internet connections that works." \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.vendor="The CCS authors" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$REVISION" \
  org.opencontainers.image.created="$CREATED" \
  org.opencontainers.image.base.name="gcr.io/distroless/nodejs24-debian13:nonroot"
COPY --from=build /image/ /
# On every address, since the port that is published leads to the container's own; where the volume is, whatever the
# configuration says; and a sign to ccs that people need to be told what to mount.
ENV CCS_CONFIG=/config/config.yml \
  CCS_STATE_DIR=/state/ccs \
  BIND_ADDRESS=0.0.0.0:3000 \
  CCS_CONTAINER=1
USER 65532:65532
# A folder that any user may enter, unlike the home of the base image: people run this as users of their own too.
WORKDIR /
VOLUME ["/state"]
EXPOSE 3000
# Over the control socket, so that a flood of requests at the port makes nothing unhealthy.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["/usr/local/bin/ccs", "health"]
ENTRYPOINT ["/usr/local/bin/ccs"]
CMD ["run"]
