# The embedded PostgreSQL comes along, but is used only where DATABASE_URL is unset.
FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json prisma.config.ts ./
COPY prisma prisma
COPY src src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund
# Prisma's command line and what comes with it: needed to generate the client above, never at run time.
RUN rm -rf node_modules/.bin node_modules/prisma node_modules/typescript node_modules/effect node_modules/@electric-sql && \
  cd node_modules/@prisma && rm -rf config dev engines fetch-engine get-platform query-plan-executor streams-local studio-core

FROM node:20-slim
ENV NODE_ENV=production LAZU_DATA_DIR=/data
WORKDIR /app
RUN install -d -o node -g node /data
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/prisma prisma
COPY --from=build /app/package.json package.json
USER node
VOLUME /data
EXPOSE 8080
# It answers while the process lives; whether new traffic is welcome is /readyz, for the balancer.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD \
  ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8080}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# As `npm start` does (docs/decisions/2026-11-28-a-larger-young-generation.md).
CMD ["node", "--enable-source-maps", "--max-semi-space-size=32", "dist/main.js"]
