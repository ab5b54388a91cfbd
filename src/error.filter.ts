import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { isUnavailable } from './database/unavailable.js';
import { LazuError } from './errors.js';
import { methodsOf } from './http/methods.js';
import { sendRefusal } from './http/send-refusal.js';
import { geminiErrors } from './protocols/gemini/inbound.js';
import { writeError } from './protocols/openai-chat/write-error.js';

/** Everything thrown on the Express side becomes the contract's envelope; nothing happens once headers are sent. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger(ErrorFilter.name);

  catch(thrown: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const request = host.switchToHttp().getRequest<Request>();
    const error = asLazuError(thrown, request);
    const requestId = String(response.getHeader('x-lazu-request-id') ?? '');
    if (error.code === 'internal_error') this.#logger.error({ requestId, err: error.cause ?? error });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const write = request.path.startsWith('/v1beta/') ? geminiErrors.writeError : writeError;
    sendRefusal(response, error, write(error, requestId).body);
  }
}

/** Nest's and body-parser's own exceptions, and the database's, in the contract's words. */
function asLazuError(thrown: unknown, request: Request): LazuError {
  if (thrown instanceof LazuError) return thrown;
  if (isUnavailable(thrown)) {
    return new LazuError('service_unavailable', 'The database is not available right now.', {
      retryAfter: 2,
      cause: thrown,
    });
  }
  const status = thrown instanceof HttpException ? thrown.getStatus() : (thrown as { status?: unknown } | null)?.status;
  switch (status) {
    case 400:
      return new LazuError(
        'bad_request_body',
        'The request could not be read: the body is not valid JSON, or the path is not valid.',
      );
    case 404:
      return notFound(request);
    case 413:
      return new LazuError('payload_too_large', 'The request body is larger than this endpoint takes.');
    case 415:
      return new LazuError('unsupported_media_type', 'This endpoint does not take this content type or encoding.');
    default:
      return LazuError.from(thrown);
  }
}

function notFound(request: Request): LazuError {
  const methods = methodsOf(request);
  if (methods.length === 0) return new LazuError('not_found', `There is no ${request.method} ${request.path}.`);
  const allow = methods.join(', ');
  return new LazuError('method_not_allowed', `Use ${allow} on this path.`, { headers: { allow } });
}
