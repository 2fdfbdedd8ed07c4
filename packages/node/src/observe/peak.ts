/**
 * The most that a gauge has been since somebody looked. A queue that fills and empties between two
 * looks is long for its writers, and would be empty at nearly every look.
 */
export class Peak {
  #now = 0;
  #most = 0;

  set(value: number): void {
    this.#now = value;
    if (value > this.#most) this.#most = value;
  }

  /** The most since the last call; what is now counts for the next one too. */
  take(): number {
    const most = this.#most;
    this.#most = this.#now;
    return most;
  }
}
