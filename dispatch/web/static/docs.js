// The API's offline page: Swagger UI over our own document, asking nobody else anything.
"use strict";

const place = document.getElementById("docs");
const token = document.querySelector('meta[name="csrf-token"]');

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "list",
  supportedSubmitMethods: ["get", "post", "put", "patch", "delete"],
  requestInterceptor: (request) => {
    if (token) request.headers["X-CSRFToken"] = token.content;
    return request;
  },
});
