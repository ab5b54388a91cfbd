import type { Request } from 'express';

/** What Express keeps of a route: https://github.com/pillarjs/router/blob/master/lib/layer.js */
interface Layer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/** The methods that a path has, for `405` and its `Allow`; empty for a path that does not exist. Asked only when nothing matched. */
export function methodsOf(request: Request): string[] {
  const { stack } = (request.app as unknown as { router: { stack: readonly Layer[] } }).router;
  const methods = stack
    .filter(layer => layer.route && matches(layer, request.path))
    .flatMap(layer => Object.keys(layer.route?.methods ?? {}));
  return [...new Set(methods.map(method => method.toUpperCase()))];
}

/** A path that does not decode matches nothing. */
function matches(layer: Layer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}
