import { Controller } from '@nestjs/common';
import { type Answer, Inference, type InferenceCall } from '../http/inference.js';
import { openaiChat } from '../protocols/openai-chat/index.js';
import { CompletionsService } from './completions.service.js';

/** Chat in OpenAI's dialect. */
@Controller()
export class OpenAiChatController {
  constructor(private readonly completions: CompletionsService) {}

  @Inference('POST /v1/chat/completions', openaiChat)
  create(call: InferenceCall): Promise<Answer> {
    return this.completions.complete(call, openaiChat);
  }
}
