// Requests to the server. Only what the server itself says is an answer; a page of the network in between is none.

const TIMEOUT = 4000;

// Why there is no answer: "offline", "portal" (a page of somebody else's came), "signed_out" or "no_access".
export class NoAnswer extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

const isJson = (response) => (response.headers.get("Content-Type") || "").includes("json");

const checked = (response) => {
  if (response.status >= 500 && response.status !== 511) throw new NoAnswer("offline");
  if (!isJson(response) && !response.headers.get("X-Checkin")) throw new NoAnswer("portal");
  return response;
};

// Fetches and reads: `read` gets the response, and must be done in time too. Throws `NoAnswer`.
export async function ask(url, read, { timeout = TIMEOUT, headers, ...options } = {}) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeout);
  const given = { cache: "no-store", redirect: "manual", signal: abort.signal, headers: { Accept: "application/json", ...headers } };
  try {
    const response = checked(await fetch(url, { ...given, ...options }));
    const answer = isJson(response) ? await response.json() : response;
    if (answer?.error) throw new NoAnswer(answer.error);
    return await read(answer);
  } catch (error) {
    throw error instanceof NoAnswer ? error : new NoAnswer("offline");
  } finally {
    clearTimeout(timer);
  }
}
