package harness

// AgentPath is where every system's container has the agent's program, which also is a small HTTP server
// (reprise-agent canary -listen=ADDRESS) and a service with outages on order (reprise-agent cuts).
const AgentPath = "/reprise/reprise-agent"
