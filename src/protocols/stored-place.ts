const SCHEME = /^\s*(?!https?:)[a-z][a-z0-9+.-]*:\/\//i;

/**
 * A place that is read with the operator's credential, or on the host of a server of theirs, and by no one else: an uploaded file
 * (https://platform.kimi.ai/docs/guide/use-kimi-vision-model: `ms://`), an object in a bucket, a local file
 * (https://docs.vllm.ai/en/stable/features/multimodal_inputs/: `file://`).
 */
export const isStoredPlace = (url: unknown): boolean => typeof url === 'string' && SCHEME.test(url.slice(0, 64));
