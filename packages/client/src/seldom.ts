/**
 * What most readers never need, in one file that is loaded when it is: blocks that refer to other
 * namespaces, copies that sign with a key of their own, pages without a block. One, because a
 * bundler makes a file of whatever two of them share.
 */
export { admitAtCopy, findKept } from './admit-at-copy.ts';
export { verifyReference } from './cross-reference.ts';
export { pageAtEnd } from './page-end.ts';
