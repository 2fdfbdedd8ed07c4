import type { Examiner } from '@basalt/client';
import type { NamespaceId } from '@basalt/protocol';
import type { Live } from './live.ts';

/** Where the address line says that the page is. */
export type Route =
  | { readonly name: 'chains' }
  | { readonly name: 'chain'; readonly chain: string; readonly index: number | undefined }
  | { readonly name: 'block'; readonly hash: string };

/** What every part of the page is given. */
export interface PageContext {
  readonly client: Examiner;
  readonly live: Live;
}

/** A view on the screen. */
export interface View {
  readonly element: HTMLElement;
  /** True when this view can show the other route too, without being made anew. */
  show(route: Route): boolean;
  close(): void;
}

/** Reads the part of the address behind `#`. */
export function parseRoute(hash: string): Route {
  const parts = hash.replace(/^#\/?/, '').split('/').map(decodePart);
  if (parts[0] === 'block' && /^[0-9a-f]{64}$/i.test(parts[1] ?? '')) {
    return { name: 'block', hash: (parts[1] as string).toLowerCase() };
  }
  if (parts[0] !== 'ns' || parts[1] === undefined || parts[1] === '') return { name: 'chains' };
  const isIndex = /^(?:0|[1-9]\d{0,14})$/.test(parts[2] ?? '');
  return { name: 'chain', chain: parts[1], index: isIndex ? Number(parts[2]) : undefined };
}

/** A part that somebody cut or typed wrong is none. */
function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

export function chainAddress(namespace: NamespaceId, index?: number): string {
  return index === undefined ? `#/ns/${namespace}` : `#/ns/${namespace}/${index}`;
}

/** Calls `run` once per animation frame at most, however often it is asked for. */
export function perFrame(run: () => void): () => void {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      run();
    });
  };
}
