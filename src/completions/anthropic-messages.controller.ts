import { Controller } from '@nestjs/common';
import { type Answer, Inference, type InferenceCall } from '../http/inference.js';
import { anthropicMessages, anthropicTokenCount } from '../protocols/anthropic-messages/index.js';
import { CompletionsService } from './completions.service.js';

/** Chat in Anthropic's dialect. */
@Controller()
export class AnthropicMessagesController {
  constructor(private readonly completions: CompletionsService) {}

  @Inference('POST /v1/messages', anthropicMessages)
  create(call: InferenceCall): Promise<Answer> {
    return this.completions.complete(call, anthropicMessages, 'messages');
  }

  @Inference('POST /v1/messages/count_tokens', anthropicTokenCount)
  countTokens(call: InferenceCall): Promise<Answer> {
    return this.completions.count(call, anthropicTokenCount, 'messages');
  }
}
