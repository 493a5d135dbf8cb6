# syntax=docker/dockerfile:1
# Builds the program, then puts it beside the engines. One image for every role: `serve`, `work`, `migrate`.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
ENV SQLX_OFFLINE=true
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked && cp target/release/bindery /usr/local/bin/bindery

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates chromium-headless-shell curl fontconfig libgs10 libheif1 \
        libtesseract5 tesseract-ocr-eng tesseract-ocr-deu tesseract-ocr-osd \
        libreoffice-writer libreoffice-calc libreoffice-impress libreoffice-draw \
        fonts-liberation fonts-dejavu-core fonts-crosextra-carlito fonts-crosextra-caladea \
        fonts-urw-base35 fonts-noto-core fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/* \
    && fc-cache -f \
    && useradd --system --uid 1001 --gid 0 --create-home --home-dir /var/lib/bindery bindery \
    # A volume takes over the owner of the folder that it covers.
    && mkdir /var/lib/bindery/blobs \
    && chown -R 1001:0 /var/lib/bindery \
    && chmod -R g=u /var/lib/bindery
COPY --from=build /usr/local/bin/bindery /usr/local/bin/bindery
USER 1001
ENV BINDERY_DATA=/var/lib/bindery BINDERY_BLOBS=file:///var/lib/bindery/blobs
VOLUME /var/lib/bindery/blobs
EXPOSE 13033 13034
ENTRYPOINT ["bindery"]
CMD ["serve"]
