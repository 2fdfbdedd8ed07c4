/** A file of its own, so that the page loads it only when a signature asks for it. */
export { nobleProvider } from '@basalt/protocol';
