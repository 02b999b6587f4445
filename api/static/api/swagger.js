"use strict";

const root = document.getElementById("swagger-ui");
SwaggerUIBundle({
  url: root.dataset.schema,
  domNode: root,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  persistAuthorization: false,
});
