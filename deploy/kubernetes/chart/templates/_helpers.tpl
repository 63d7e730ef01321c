{{/* The name of most objects is the release's: `helm install ccs …` makes deployment/ccs. Helm allows dots in it; a Service does not. */}}
{{- define "ccs.name" -}}
{{- if not (regexMatch "^[a-z]" .Release.Name) -}}
{{- fail (printf "The release is called %s, and its Service would be, too: take a name that begins with a letter." .Release.Name) -}}
{{- end -}}
{{- .Release.Name | replace "." "-" -}}
{{- end -}}

{{/* What tells this release's pods from all others; it can never change. */}}
{{- define "ccs.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ccs.labels" -}}
{{ include "ccs.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "ccs.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The text of config.yml, checked for what would be a mistake here; ccs itself checks the rest. */}}
{{- define "ccs.config" -}}
{{- $text := .Values.config -}}
{{- if not (kindIs "string" .Values.config) -}}
{{- $text = toYaml .Values.config -}}
{{- end -}}
{{- $parsed := fromYaml $text -}}
{{- with $parsed.Error -}}
{{- fail (printf "config is not YAML: %s" .) -}}
{{- end -}}
{{- $now := ternary "run `ccs migrate`, which prints it in the current format, and then " "" (hasKey $parsed "record") -}}
{{- /* `telegram` is where the original program has it. */ -}}
{{- $sections := dict "cloudflare" $parsed.cloudflare "http" $parsed.http "telegram" $parsed.telegram -}}
{{- if kindIs "slice" $parsed.notify -}}
{{- range $index, $channel := $parsed.notify -}}
{{- $_ := set $sections (printf "notify[%d]" $index) $channel -}}
{{- end -}}
{{- else if kindIs "map" $parsed.notify -}}
{{- $_ := set $sections "notify.telegram" $parsed.notify.telegram -}}
{{- end -}}
{{- range $path, $section := $sections -}}
{{- range $key := include "ccs.secretKeys" $ | fromYamlArray -}}
{{- if kindIs "map" $section -}}
{{- $token := get $section $key | default "" | toString -}}
{{- if and $token (not (contains "${" $token)) -}}
{{- fail (printf "config must hold no token, since a ConfigMap keeps nothing secret: %sput it into the Secret, and write %s_file: /run/secrets/… in place of %s.%s" $now $key $path $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $text -}}
{{- end -}}

{{/* The names of what a person may keep in place of the chart. */}}
{{- define "ccs.configMap" -}}
{{- if and .Values.config .Values.existingConfigMap -}}
{{- fail "Set either config or existingConfigMap, not both." -}}
{{- else if and .Values.files .Values.existingConfigMap -}}
{{- fail "files go into the chart's own ConfigMap: put them into the ConfigMap that existingConfigMap names." -}}
{{- else if not (or .Values.config .Values.existingConfigMap) -}}
{{- fail "There is no configuration: add --set-file config=config.yml, or name a ConfigMap with the key config.yml in existingConfigMap." -}}
{{- end -}}
{{- .Values.existingConfigMap | default (printf "%s-config" (include "ccs.name" .)) -}}
{{- end -}}

{{- define "ccs.secret" -}}
{{- $given := values .Values.tokens | compact -}}
{{- if and $given .Values.existingSecret -}}
{{- fail "Set either tokens or existingSecret, not both." -}}
{{- else if not (or $given .Values.existingSecret) -}}
{{- fail "There is no token: name a Secret with the key cloudflare_token in existingSecret, or set tokens.cloudflare." -}}
{{- end -}}
{{- .Values.existingSecret | default (printf "%s-tokens" (include "ccs.name" .)) -}}
{{- end -}}

{{- define "ccs.claim" -}}
{{- .Values.state.existingClaim | default (printf "%s-state" (include "ccs.name" .)) -}}
{{- end -}}
