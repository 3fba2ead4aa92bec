{{/* The name of a door is that of its pod, and 32 characters long at most. */}}
{{- define "vigiles.name" -}}
{{- if gt (len .Release.Name) 22 -}}
{{- fail (printf "the release's name %q is longer than 22 characters: the doors are named after it" .Release.Name) -}}
{{- end -}}
{{- if gt (add .Values.ingest.replicas .Values.api.replicas) 48 -}}
{{- fail "ingest.replicas and api.replicas are more than 48 together: a platform has no more doors" -}}
{{- end -}}
{{- .Release.Name -}}
{{- end -}}

{{- define "vigiles.labels" -}}
app.kubernetes.io/name: vigiles
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{/* Takes a dictionary: top, role. */}}
{{- define "vigiles.selector" -}}
app.kubernetes.io/name: vigiles
app.kubernetes.io/instance: {{ .top.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "vigiles.secret" -}}
{{- if and .Values.config .Values.existingSecret -}}
{{- fail "config and existingSecret are both set: the configuration has one place" -}}
{{- end -}}
{{- if .Values.existingSecret -}}
{{- .Values.existingSecret -}}
{{- else -}}
{{- if not .Values.config -}}
{{- fail "set config (the text of vigiles.toml, with bus and store) or existingSecret (a Secret that has it)" -}}
{{- end -}}
{{- include "vigiles.name" . -}}
{{- end -}}
{{- end -}}

{{/*
The process of a role: a StatefulSet, since a door's name is its own, and a second one of the same name must not run. The data
directory holds nothing that the servers do not (docs/scale-out.md), so it goes with the pod.
*/}}
{{- define "vigiles.process" -}}
{{- $values := index .top.Values .role -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ include "vigiles.name" .top }}-{{ .role }}
  labels:
    {{- include "vigiles.labels" .top | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
spec:
  serviceName: {{ include "vigiles.name" .top }}-{{ .role }}
  replicas: {{ $values.replicas }}
  podManagementPolicy: Parallel
  selector:
    matchLabels:
      {{- include "vigiles.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "vigiles.labels" .top | nindent 8 }}
        app.kubernetes.io/component: {{ .role }}
      annotations:
        # A changed configuration is a reason to start again. What another's Secret holds is not seen here.
        vigiles/config: {{ .top.Values.config | sha256sum }}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      # An orderly stop finishes what was begun; what is killed is safe too (docs/durability.md).
      terminationGracePeriodSeconds: 30
      {{- with .top.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile: { type: RuntimeDefault }
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "vigiles.selector" . | nindent 14 }}
      {{- with .top.Values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .top.Values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .role }}
          image: "{{ .top.Values.image.repository }}:{{ .top.Values.image.tag | default .top.Chart.AppVersion }}"
          imagePullPolicy: {{ .top.Values.image.pullPolicy }}
          args:
            {{- .args | nindent 12 }}
          env:
            - name: POD_NAME
              valueFrom: { fieldRef: { fieldPath: metadata.name } }
            - name: VIGILES_LOG_FORMAT
              value: json
          {{- with .ports }}
          ports:
            {{- . | nindent 12 }}
          # The log may be long to replay: a door is asked for nothing else until it has begun to answer.
          startupProbe:
            httpGet: { path: /healthz, port: http }
            periodSeconds: 2
            failureThreshold: 150
          livenessProbe:
            httpGet: { path: /healthz, port: http }
          readinessProbe:
            httpGet: { path: /readyz, port: http }
            periodSeconds: 5
          {{- end }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          {{- with $values.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          volumeMounts:
            - { name: data, mountPath: /var/lib/vigiles }
            - { name: config, mountPath: /etc/vigiles/vigiles.toml, subPath: vigiles.toml, readOnly: true }
            {{- if .top.Values.filesSecret }}
            - { name: files, mountPath: /etc/vigiles/files, readOnly: true }
            {{- end }}
            {{- if .city }}
            - { name: city, mountPath: /city, readOnly: true }
            {{- end }}
      volumes:
        - name: data
          emptyDir: {}
        - name: config
          secret: { secretName: {{ include "vigiles.secret" .top }}, defaultMode: 0440 }
        {{- if .top.Values.filesSecret }}
        - name: files
          secret: { secretName: {{ .top.Values.filesSecret }}, defaultMode: 0440 }
        {{- end }}
        {{- if .city }}
        - name: city
          persistentVolumeClaim: { claimName: {{ .city }}, readOnly: true }
        {{- end }}
---
# Of a role's processes one at a time may be taken away on purpose.
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "vigiles.name" .top }}-{{ .role }}
  labels:
    {{- include "vigiles.labels" .top | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "vigiles.selector" . | nindent 6 }}
{{- end -}}

{{/* The service of a role's doors. Takes a dictionary: top, role, ports. */}}
{{- define "vigiles.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "vigiles.name" .top }}-{{ .role }}
  labels:
    {{- include "vigiles.labels" .top | nindent 4 }}
spec:
  type: {{ (index .top.Values .role).service.type }}
  selector:
    {{- include "vigiles.selector" . | nindent 4 }}
  ports:
    {{- .ports | nindent 4 }}
{{- end -}}
