/** A module of its own so that `options.ts` can load it on demand. */
export { nobleProvider } from '@basalt/protocol';
