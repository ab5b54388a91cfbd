import { ExpressAdapter } from '@nestjs/platform-express';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answerBrokenRequest } from './broken-request.js';

/** Looks at a request before Express does; true when it took it. */
export type FrontMount = (request: IncomingMessage, response: ServerResponse) => boolean;

/** After the drain: how long connections may take to carry their last bytes away, milliseconds. */
const CLOSING_MS = 1_000;

/** Nest's Express adapter on a server of ours: the inference mount in front, limits on headers and their time. */
export class LazuAdapter extends ExpressAdapter {
  #front: FrontMount = () => false;

  /** Set once the application is wired; until then everything goes to Express. */
  mountInFront(front: FrontMount): void {
    this.#front = front;
  }

  /** A caller that reads nothing, or never finishes sending, holds up nobody. */
  override async close(): Promise<void> {
    const patience = setTimeout(() => (this.httpServer as Server).closeAllConnections(), CLOSING_MS);
    await super.close();
    clearTimeout(patience);
  }

  override initHttpServer(): void {
    const express = this.getInstance<(request: IncomingMessage, response: ServerResponse) => void>();
    const limits = {
      maxHeaderSize: 32 * 1024,
      headersTimeout: 20_000,
      requestTimeout: 300_000,
      connectionsCheckingInterval: 5_000,
      keepAliveTimeout: 65_000,
    };
    const server: Server = createServer(limits, (request, response) => {
      // The absolute form is for proxies, but every server must take it: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
      if (request.url?.[0] === 'h') request.url = request.url.replace(/^https?:\/\/[^/?]*\/?/i, '/');
      if (!this.#front(request, response)) express(request, response);
    });
    server.on('clientError', answerBrokenRequest);
    server.maxRequestsPerSocket = 0;
    this.httpServer = server;
  }
}
