/** Swagger UI's own files that the page needs, by the name they are served under. Nothing comes from elsewhere. */
export const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'] as const;

export const START_SCRIPT = 'start.js';

/** No inline script, no other host: what the page needs is served beside it. Swagger UI sets styles on elements and draws data: icons. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Lazu: API reference</title>
    <link rel="stylesheet" href="/api-reference/swagger-ui.css" />
    <link rel="icon" type="image/png" href="/api-reference/favicon-32x32.png" />
  </head>
  <body>
    <div id="reference"></div>
    <script src="/api-reference/swagger-ui-bundle.js"></script>
    <script src="/api-reference/${START_SCRIPT}"></script>
  </body>
</html>
`;

/** https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/; `validatorUrl: null` keeps it from asking swagger.io. */
export const START = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  filter: true,
  validatorUrl: null,
});
`;
