import { fileName } from './file-name.js';

it.each([
  [undefined, 'application/pdf', 'document.pdf'],
  [undefined, 'text/plain', 'document.txt'],
  [undefined, 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'document.docx'],
  [undefined, 'text/csv;charset=utf-8', 'document.csv'],
  ['a.pdf', 'application/pdf', 'a.pdf'],
  ['Report of 2026', 'application/pdf', 'Report of 2026.pdf'],
])('%j of the type %s is called %s', (name, mediaType, expected) => {
  expect(fileName(name, mediaType)).toBe(expected);
});
