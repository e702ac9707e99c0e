# The third voice in a container, on a third host. The file of `npm pack` lies beside this one:
#
#   docker build -f witness.Dockerfile -t ha-pair-witness .
#   docker run -d --name witness --restart unless-stopped --network host \
#     -v ha-pair-witness:/data -v /etc/ha-pair-witness.keys:/keys:ro ha-pair-witness
#
# The keys, one witness key a line, have to be readable for the user in the container, and for nobody else:
#
#   chown 1000 /etc/ha-pair-witness.keys && chmod 400 /etc/ha-pair-witness.keys
#
# After a change of them: docker restart witness. The pairs go on meanwhile.
FROM node:22-slim
COPY ha-pair-node-red-ha-pair-*.tgz /tmp/package.tgz
RUN npm install --global --omit=dev /tmp/package.tgz && rm /tmp/package.tgz
RUN mkdir /data && chown node:node /data
USER node
# Its memory of what it has promised: it has to outlive the container.
VOLUME /data
EXPOSE 1102/udp
STOPSIGNAL SIGTERM
ENTRYPOINT ["ha-pair-witness", "--key-file", "/keys", "--data", "/data"]
CMD ["--port", "1102"]
