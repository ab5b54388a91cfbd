import { Controller } from '@nestjs/common';
import { type Answer, Inference, type InferenceCall } from '../http/inference.js';
import { geminiErrors, geminiInbound, geminiTokenCount, wantsThoughts } from '../protocols/gemini/inbound.js';
import { CompletionsService } from './completions.service.js';

/** Chat in Gemini's dialect: the model stands in the path, and what is to be done with it. */
@Controller()
export class GeminiController {
  constructor(private readonly completions: CompletionsService) {}

  @Inference('POST /v1beta/models/{model}:generateContent', geminiErrors)
  generate(call: InferenceCall): Promise<Answer> {
    return this.#complete(call, false);
  }

  @Inference('POST /v1beta/models/{model}:streamGenerateContent', geminiErrors)
  stream(call: InferenceCall): Promise<Answer> {
    return this.#complete(call, true);
  }

  @Inference('POST /v1beta/models/{model}:countTokens', geminiErrors)
  countTokens(call: InferenceCall): Promise<Answer> {
    return this.completions.count(call, geminiTokenCount(modelOf(call)), 'gemini');
  }

  #complete(call: InferenceCall, stream: boolean): Promise<Answer> {
    const form = call.query.get('alt') === 'sse' ? 'events' : 'array';
    const inbound = geminiInbound({ model: modelOf(call), stream, form, thoughts: wantsThoughts(call.skim) });
    return this.completions.complete(call, inbound, 'gemini');
  }
}

const modelOf = ({ params }: InferenceCall): string => params.model ?? '';
