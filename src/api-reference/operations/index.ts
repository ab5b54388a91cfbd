import { adminSchemas } from '../schemas/admin.js';
import { alertSchemas } from '../schemas/alerts.js';
import { anthropicMessagesSchemas } from '../schemas/anthropic-messages.js';
import { catalogSchemas } from '../schemas/catalog.js';
import { chatAnswerSchemas } from '../schemas/chat-answer.js';
import { chatRequestSchemas } from '../schemas/chat-request.js';
import { errorSchemas } from '../schemas/error.js';
import { geminiSchemas } from '../schemas/gemini.js';
import { paymentSchemas } from '../schemas/payments.js';
import type { Schema } from '../schemas/schema.js';
import { usageSchemas } from '../schemas/usage.js';
import { adminOperations } from './admin.js';
import { alertOperations } from './alerts.js';
import { catalogOperations } from './catalog.js';
import { geminiOperations } from './gemini.js';
import type { Operations } from './operation.js';
import { pageOperations } from './operation-pages.js';
import { paymentOperations } from './payments.js';
import { usageOperations } from './usage.js';

export const operations: Operations = {
  ...catalogOperations,
  ...geminiOperations,
  ...usageOperations,
  ...paymentOperations,
  ...adminOperations,
  ...alertOperations,
  ...pageOperations,
};

export const schemas: Readonly<Record<string, Schema>> = {
  ...errorSchemas,
  ...chatRequestSchemas,
  ...chatAnswerSchemas,
  ...anthropicMessagesSchemas,
  ...geminiSchemas,
  ...catalogSchemas,
  ...usageSchemas,
  ...paymentSchemas,
  ...adminSchemas,
  ...alertSchemas,
};
