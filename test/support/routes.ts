import type { INestApplication } from '@nestjs/common';

interface RouterLayer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
}

/** Every route that Express has, as OpenAPI writes them: `GET /api/admin/keys/{id}`. */
export function routesOf(app: INestApplication): string[] {
  const { router } = app.getHttpAdapter().getInstance() as { router: { stack: RouterLayer[] } };
  return router.stack.flatMap(({ route }) =>
    route ? Object.keys(route.methods).map(method => `${method.toUpperCase()} ${templateOf(route.path)}`) : [],
  );
}

/** Express' `/v1/models/*id` and `/keys/:id` → `/v1/models/{id}`, `/keys/{id}`. */
const templateOf = (path: string): string => path.replace(/[:*](\w+)/g, '{$1}');
