// Every address of this page is this server's own: it works without internet.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#documentation",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  validatorUrl: null,
});
