import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { CompletionsService } from './completions.service.js';
import { OpenAiChatController } from './openai-chat.controller.js';

@Module({ imports: [DispatchModule], controllers: [OpenAiChatController], providers: [CompletionsService] })
export class CompletionsModule {}
