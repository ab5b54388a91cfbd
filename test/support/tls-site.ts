import { execFileSync } from 'node:child_process';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A self-signed certificate and its key, as PEM: its own authority. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

/** Made by `openssl`. @param names as in a subjectAltName: `DNS:…`, `IP:…` */
export function certificateFor(...names: string[]): Identity {
  const pem = execFileSync(
    'openssl',
    // prettier-ignore
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=Lazu test',
      '-addext', `subjectAltName=${names.join(',')}`, '-keyout', '-', '-out', '-'],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const certificate = pem.indexOf('-----BEGIN CERTIFICATE');
  return { key: pem.slice(0, certificate), cert: pem.slice(certificate) };
}

export type Page = (request: IncomingMessage, response: ServerResponse) => void;

/** Somebody's web server on loopback: a page per path, and a memory of who called. */
export class TlsSite {
  readonly pages = new Map<string, Page>();
  readonly seen: { path: string; headers: IncomingHttpHeaders }[] = [];
  /** Connections that were opened, whether or not anything was asked. */
  connections = 0;
  /** Connections that are open now. */
  open = 0;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start({ key, cert }: Identity): Promise<TlsSite> {
    const server = createServer({ key, cert });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const site = new TlsSite(server, (server.address() as AddressInfo).port);
    server.on('connection', socket => {
      site.connections++;
      site.open++;
      socket.on('error', () => undefined).on('close', () => site.open--);
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      site.seen.push({ path: request.url!, headers: request.headers });
      const page = site.pages.get(request.url!.split('?', 1)[0]!);
      if (page) page(request, response);
      else response.writeHead(404).end('no such page');
    });
    return site;
  }

  forget(): void {
    this.seen.length = 0;
    this.connections = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }
}
