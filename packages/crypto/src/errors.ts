/** What can go wrong here with input, files or load; programmer mistakes use `assert`. */
export type CryptoErrorCode =
  /** The pool holds as many blocks as it may: slow down and retry. */
  | 'queue-full'
  /** The pool was closed before the work was done. */
  | 'closed'
  /** A worker died twice on the same work, or workers cannot be started. */
  | 'worker-failed'
  /** Ciphertext, tag, key, nonce or associated data do not belong together. */
  | 'decryption-failed'
  /** Wrong passphrase, or a key file that was changed. */
  | 'wrong-passphrase'
  | 'key-file-malformed'
  /** Group or others can read the file, or it is no plain file. */
  | 'key-file-permissions'
  | 'key-file-exists'
  | 'key-file-unreadable'
  /** The file is not encrypted and the caller did not say that this is wanted. */
  | 'key-file-unencrypted'
  /** A key whose form or proof of possession is not valid. */
  | 'invalid-key'
  /** Aggregate checks need distinct messages or proven keys. */
  | 'unsafe-aggregate';

/** Facts of an error: numbers and names, never key bytes or passphrases. */
export type CryptoErrorMetadata = Readonly<Record<string, string | number | boolean | undefined>>;

export class CryptoError extends Error {
  readonly code: CryptoErrorCode;
  readonly metadata: CryptoErrorMetadata;

  constructor(code: CryptoErrorCode, message: string, metadata: CryptoErrorMetadata = {}) {
    super(message);
    this.name = 'CryptoError';
    this.code = code;
    this.metadata = metadata;
  }
}
