/** Endings by which vendors tell what a file is; others go by their subtype. */
const ENDINGS: Readonly<Record<string, string>> = {
  'text/plain': 'txt',
  'text/markdown': 'md',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
};

/** The name that a file goes by, with an ending: titles of documents have none. */
export function fileName(name: string | undefined, mediaType: string): string {
  if (name !== undefined && /\.\w{1,5}$/.test(name)) return name;
  const ending = ENDINGS[mediaType] ?? mediaType.replace(/^.*\/|[;+].*$/g, '');
  return `${name ?? 'document'}.${ending}`;
}
