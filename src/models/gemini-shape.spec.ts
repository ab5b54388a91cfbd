import { geminiList, geminiModel } from './gemini-shape.js';

const listed = (id: string) => ({
  id,
  created: 1758067200,
  ownedBy: 'acme',
  endpointTypes: ['chat'] as const,
  contextLength: 1000,
  maxOutputTokens: undefined,
  reasoning: true,
});
const models = ['a', 'b', 'c'].map(listed);
const names = (page: object) => geminiList(models, page).models.map(model => model.name);

describe('the list of models in Gemini’s shape', () => {
  it('names a model as Gemini does, with what can be done with it', () => {
    expect(geminiModel(listed('BAAI/x'))).toEqual({
      name: 'models/BAAI/x',
      baseModelId: 'BAAI/x',
      version: '001',
      displayName: 'BAAI/x',
      inputTokenLimit: 1000,
      supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
      thinking: true,
    });
    expect(geminiModel({ ...listed('e'), endpointTypes: ['embeddings'] }).supportedGenerationMethods).toEqual([]);
  });

  it('pages', () => {
    expect(geminiList(models, {})).not.toHaveProperty('nextPageToken');
    expect(geminiList(models, { pageSize: 2 })).toMatchObject({ nextPageToken: 'b' });
    expect(names({ pageSize: 2 })).toEqual(['models/a', 'models/b']);
    expect(names({ pageSize: 2, pageToken: 'b' })).toEqual(['models/c']);
    expect(names({ pageToken: 'gone' })).toEqual([]);
  });
});
