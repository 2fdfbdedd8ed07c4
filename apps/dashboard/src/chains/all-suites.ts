/** A module of its own so that it becomes a file that is loaded on demand. */
export { nobleProvider } from '@basalt/protocol';
