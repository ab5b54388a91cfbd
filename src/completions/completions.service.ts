import { Injectable } from '@nestjs/common';
import type { EndpointType } from '../catalog/route.js';
import { DispatchService } from '../dispatch/dispatch.service.js';
import type { CountingInbound } from '../dispatch/token-counts.js';
import type { Answer, InferenceCall } from '../http/inference.js';
import type { Inbound } from '../protocols/protocol.js';

/** The steps of a chat completion, the same for every dialect: there is only one, and it meters. */
@Injectable()
export class CompletionsService {
  constructor(private readonly dispatch: DispatchService) {}

  complete(call: InferenceCall, inbound: Inbound, endpoint: EndpointType = 'chat'): Promise<Answer> {
    return this.dispatch.run(call, inbound, endpoint);
  }

  count(call: InferenceCall, inbound: CountingInbound, endpoint: EndpointType): Promise<Answer> {
    return this.dispatch.count(call, inbound, endpoint);
  }
}
