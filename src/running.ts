/** A Lazu that serves, in one process or several. */
export interface Running {
  /** What the terminal says when it is up. */
  readonly greeting: string;
  /** From the doors inwards: what runs may finish, the database stops last. */
  close(): Promise<void>;
  /** Do not wait for what still runs. */
  hurry(): void;
}
