/**
 * The `?key=` form (contract §2) is cut out of a URL before anything logs, traces or forwards it.
 * @returns the URL without any `key` parameter, and the first value it had
 */
export function cutQueryKey(url: string): { url: string; key: string | undefined } {
  const start = url.indexOf('?');
  if (start < 0 || !/[?&](?:k|%6b)/i.test(url)) return { url, key: undefined };
  let key: string | undefined;
  const kept = url
    .slice(start + 1)
    .split('&')
    .filter(pair => {
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      if (decode(name) !== 'key') return true;
      key ??= decode(value);
      return false;
    });
  return { url: url.slice(0, start) + (kept.length > 0 ? `?${kept.join('&')}` : ''), key };
}

/** A value that does not decode cannot be a key; it is still cut out when its name is `key`. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
