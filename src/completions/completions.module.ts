import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { AnthropicMessagesController } from './anthropic-messages.controller.js';
import { CompletionsService } from './completions.service.js';
import { GeminiController } from './gemini.controller.js';
import { OpenAiChatController } from './openai-chat.controller.js';

@Module({
  imports: [DispatchModule],
  controllers: [AnthropicMessagesController, GeminiController, OpenAiChatController],
  providers: [CompletionsService],
})
export class CompletionsModule {}
