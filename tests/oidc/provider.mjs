// A real identity provider: npm's oidc-provider as a process of its own. Who signs in is typed into a form of one field.
// node provider.mjs PORT CLIENT_JSON PEOPLE_JSON; PEOPLE maps a subject to its claims and to how it was asked ("amr").
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [port, client, people] = [process.argv[2], JSON.parse(process.argv[3]), JSON.parse(process.argv[4])];
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [client],
  pkce: { required: () => true },
  claims: { openid: ["sub", "amr"], email: ["email", "email_verified"], profile: ["preferred_username"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  // The office has agreed for everybody.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid email profile");
    await grant.save();
    return grant;
  },
});

const page = `<!doctype html><html lang="en"><title>Provider</title><form method="post">
<label for="subject">Subject</label><input id="subject" name="subject"><button>Sign in</button></form></html>`;

async function interact(request, answer) {
  if (request.method !== "POST") {
    answer.writeHead(200, { "Content-Type": "text/html" }).end(page);
    return;
  }
  let body = "";
  for await (const piece of request) body += piece;
  const accountId = new URLSearchParams(body).get("subject");
  const result = people[accountId]
    ? { login: { accountId, amr: people[accountId].amr } }
    : { error: "access_denied", error_description: "The person said no." };
  await provider.interactionFinished(request, answer, result, { mergeWithLastSubmission: false });
}

const rest = provider.callback();
createServer((request, answer) => {
  if (!request.url.startsWith("/interaction/")) return rest(request, answer);
  return interact(request, answer).catch((error) => answer.writeHead(500).end(String(error)));
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
