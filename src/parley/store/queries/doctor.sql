-- name: messages_due
-- services.doctor, of all messages or of one campaign's run (`run_id`, in the five that count what waits): whose time
-- has come and nobody has claimed; index messages_waiting. `paced`: of senders that may send
-- no more for the moment, because one of their limits was out of permits lately, or the provider asked them to slow down,
-- or is away; or of all others. What is stopped has its own line, in its other form only what was judged to wait for that.
WITH resting AS MATERIALIZED (
    SELECT project_id, sender, CASE WHEN away_until > :now THEN 'sender_away' ELSE code END AS code, sentence,
        CASE WHEN until > :now THEN until END AS until
    FROM holds
    WHERE since <= :now AND (until > :now OR away_until > :now)
    UNION
    SELECT d.project_id, d.name, NULL, NULL, NULL
    FROM definitions d
    CROSS JOIN LATERAL (SELECT convert_from(d.body, 'UTF8')::json -> 'account' AS account) known
    JOIN permits p ON p.name IN (
        'sender:' || coalesce(account ->> 'account', account ->> 'app_id'),
        'requests:' || coalesce(account ->> 'project_id', account ->> 'account')
    )
    WHERE d.kind = 'integration' AND p.permits < 1 AND p.counted_at > clock_timestamp() - interval '1 minute'
        AND NOT EXISTS (
            SELECT FROM holds h
            WHERE h.project_id = d.project_id AND h.sender = d.name AND h.since <= :now
                AND (h.until > :now OR h.away_until > :now)
        )
)
SELECT m.project_id, m.integration AS about, r.code, r.sentence, count(*) AS count, min(m.due_at) AS since, r.until
FROM messages m
LEFT JOIN resting r ON r.project_id = m.project_id AND r.sender = m.integration
WHERE (r.sender IS NOT NULL) = :paced::boolean AND m.state IN ('planned', 'queued') AND m.due_at <= :now
    AND NOT EXISTS (
        SELECT FROM stops s WHERE s.project_id = m.project_id AND s.sender = m.integration AND s.released_at IS NULL
            AND s.template IN ('', template_of(m.kind, m.content), CASE WHEN m.outcome_code = 'template_stopped'
                THEN template_of(m.content #>> '{other,kind}', m.content -> 'other') END)
    )
    AND m.project_id = coalesce(:project_id::uuid, m.project_id)
    AND (:run_id::uuid IS NULL OR m.run_id = :run_id)
GROUP BY m.project_id, m.integration, r.code, r.sentence, r.until;

-- name: messages_deferred
-- services.doctor: what waits for its time, by reason; index messages_waiting. What is stopped, or held back by the
-- pause of its campaign, has its own line; so has what messages_to_judge_anew counts, by the same condition.
SELECT m.project_id, m.integration AS about, m.outcome_code AS code, max(m.outcome_sentence) AS sentence,
    count(*) AS count, min(m.planned_at) AS since, min(m.due_at) AS until
FROM messages m
WHERE m.state IN ('planned', 'queued') AND m.due_at > :now AND m.due_at < :held_until
    AND coalesce(m.outcome_code, '') NOT IN ('sender_stopped', 'template_stopped') AND NOT EXISTS (
        SELECT FROM stops s WHERE s.project_id = m.project_id AND s.sender = m.integration AND s.released_at IS NULL
            AND s.template IN ('', template_of(m.kind, m.content))
    )
    AND NOT EXISTS (
        SELECT FROM reevaluations a
        WHERE m.state = 'planned' AND m.project_id = a.project_id AND m.outcome_code = a.code
            AND (a.sender IS NULL OR coalesce(m.integration, '') = a.sender)
            AND (a.template IS NULL OR a.template IN (
                template_of(m.kind, m.content), template_of(m.content #>> '{other,kind}', m.content -> 'other')
            ))
            AND (a.last IS NULL OR (m.id > a.reached AND m.id <= a.last) OR m.id = ANY(a.passed_over))
    )
    AND m.project_id = coalesce(:project_id::uuid, m.project_id)
    AND (:run_id::uuid IS NULL OR m.run_id = :run_id)
GROUP BY m.project_id, m.integration, m.outcome_code;

-- name: messages_to_judge_anew
-- services.doctor: what workers have yet to make due, because what it waits for has changed or was released, by reason:
-- what services.judge_anew has not looked at, or has passed over. The few reevaluations there are, index messages_put_off.
SELECT m.project_id, m.integration AS about, m.outcome_code AS code, NULL AS sentence, count(DISTINCT m.id) AS count,
    min(a.asked_at) AS since, NULL::timestamptz AS until
FROM reevaluations a
JOIN messages m ON m.state = 'planned' AND m.project_id = a.project_id AND m.outcome_code = a.code AND m.due_at > :now
    AND (a.sender IS NULL OR coalesce(m.integration, '') = a.sender)
    AND (a.template IS NULL OR a.template IN (
        template_of(m.kind, m.content), template_of(m.content #>> '{other,kind}', m.content -> 'other')
    ))
    AND (a.last IS NULL OR (m.id > a.reached AND m.id <= a.last) OR m.id = ANY(a.passed_over))
WHERE a.project_id = coalesce(:project_id::uuid, a.project_id) AND (:run_id::uuid IS NULL OR m.run_id = :run_id)
GROUP BY m.project_id, m.integration, m.outcome_code;

-- name: campaigns_turned
-- services.doctor: campaigns that a person has paused, or cancelled a moment ago, and how many of their messages wait;
-- indexes campaign_runs_under_way and messages_of_run.
SELECT r.project_id, r.campaign AS about, NULL AS code, NULL AS sentence, count(m.id) AS count,
    coalesce(r.turned_at, r.launched_at) AS since, NULL::timestamptz AS until
FROM campaign_runs r
LEFT JOIN messages m ON m.run_id = r.id AND m.state IN ('planned', 'queued')
WHERE r.ended_at IS NULL AND r.state = :state AND r.project_id = coalesce(:project_id::uuid, r.project_id)
GROUP BY r.id;

-- name: campaigns_to_plan
-- services.doctor: campaigns whose customers are not all looked at yet, how many are left, and since when the longest of
-- their shares has waited; `scheduled`: those whose time has not come. Indexes campaign_runs_under_way, primary key.
SELECT r.project_id, r.campaign AS about, NULL AS code, NULL AS sentence,
    sum(greatest(0, s.customers - s.looked_at))::bigint AS count,
    CASE WHEN :scheduled THEN r.launched_at ELSE greatest(r.starts_at, r.turned_at, min(s.moved_at)) END AS since,
    CASE WHEN :scheduled THEN r.starts_at END AS until
FROM campaign_runs r
JOIN campaign_shares s ON s.run_id = r.id AND NOT s.done
WHERE r.ended_at IS NULL AND r.state = 'planning' AND (r.starts_at > :now) = :scheduled::boolean
    AND r.project_id = coalesce(:project_id::uuid, r.project_id)
GROUP BY r.id;

-- name: sender_away
-- services.doctor: senders whose provider is away; all rows, of which there are few.
SELECT project_id, sender AS about, code, sentence, 1 AS count, away_since AS since,
    CASE WHEN until > :now THEN until END AS until
FROM holds
WHERE since <= :now AND away_until > :now AND project_id = coalesce(:project_id::uuid, project_id);

-- name: messages_held
-- services.doctor: stopped senders, and how many messages wait for each; primary key of stops, index messages_waiting.
SELECT s.project_id, s.sender AS about, s.code, s.sentence, count(m.id) AS count, s.stopped_at AS since,
    NULL::timestamptz AS until
FROM stops s
LEFT JOIN messages m ON m.project_id = s.project_id AND m.integration = s.sender AND m.state IN ('planned', 'queued')
    AND (:run_id::uuid IS NULL OR m.run_id = :run_id)
WHERE s.template = '' AND s.released_at IS NULL AND s.project_id = coalesce(:project_id::uuid, s.project_id)
GROUP BY s.project_id, s.sender, s.template;

-- name: templates_stopped
-- services.doctor: templates that a sender must not use, and how many messages wait for each; primary key of stops,
-- index messages_waiting.
SELECT s.project_id, s.template || ' by ' || s.sender AS about, s.code, s.sentence, count(m.id) AS count,
    s.stopped_at AS since, NULL::timestamptz AS until
FROM stops s
LEFT JOIN messages m ON m.project_id = s.project_id AND m.integration = s.sender AND m.state IN ('planned', 'queued')
    AND s.template IN (template_of(m.kind, m.content), CASE WHEN m.outcome_code = 'template_stopped'
        THEN template_of(m.content #>> '{other,kind}', m.content -> 'other') END)
    AND (:run_id::uuid IS NULL OR m.run_id = :run_id)
WHERE s.template <> '' AND s.released_at IS NULL AND s.project_id = coalesce(:project_id::uuid, s.project_id)
GROUP BY s.project_id, s.sender, s.template;

-- name: templates_to_hand_in
-- services.doctor: templates that a worker is to hand in, with what went wrong so far; indexes templates_to_hand_in
-- and template_history_of_template.
SELECT t.project_id, t.name AS about, NULL AS code, t.problem AS sentence, 1 AS count, coalesce((
        SELECT max(h.at) FROM template_history h
        WHERE h.project_id = t.project_id AND h.name = t.name AND h.what = 'ordered'
    ), t.status_at) AS since,
    CASE WHEN t.hand_in_failures > 0 THEN t.hand_in_at END AS until
FROM templates t
WHERE t.hand_in_at IS NOT NULL AND t.project_id = coalesce(:project_id::uuid, t.project_id);

-- name: templates_in
-- services.doctor: templates that WhatsApp has not decided on, or has paused; primary key of templates.
SELECT project_id, name AS about, status AS code, status_reason AS sentence, 1 AS count, status_at AS since,
    NULL::timestamptz AS until
FROM templates
WHERE status = ANY(:statuses::text[]) AND project_id = coalesce(:project_id::uuid, project_id);

-- name: templates_not_taken
-- services.doctor: templates that WhatsApp has rejected or disabled, or that were refused at hand-in; primary key of
-- templates.
SELECT project_id, name AS about, status AS code, coalesce(problem, status_reason) AS sentence, 1 AS count,
    status_at AS since, NULL::timestamptz AS until
FROM templates
WHERE (status IN ('rejected', 'disabled') OR (problem IS NOT NULL AND hand_in_at IS NULL))
    AND project_id = coalesce(:project_id::uuid, project_id);

-- name: templates_of_low_quality
-- services.doctor: approved templates that people dislike, so that a pause is near; primary key of templates.
SELECT project_id, name AS about, quality AS code, NULL AS sentence, 1 AS count, status_at AS since,
    NULL::timestamptz AS until
FROM templates
WHERE status = 'approved' AND quality IN ('yellow', 'red') AND project_id = coalesce(:project_id::uuid, project_id);

-- name: templates_not_looked_at
-- services.doctor: accounts whose provider could not be asked for their templates; primary key of template_looks.
SELECT project_id, sender AS about, NULL AS code, problem AS sentence, failures AS count,
    coalesce(looked_at, look_at) AS since, look_at AS until
FROM template_looks
WHERE failures > 0 AND project_id = coalesce(:project_id::uuid, project_id);

-- name: messages_in_flight
-- services.doctor: called, and the answer is not recorded yet; index messages_in_flight.
SELECT project_id, integration AS about, NULL AS code, NULL AS sentence, count(*) AS count, min(changed_at) AS since,
    min(lease_until) AS until
FROM messages
WHERE state = 'sending' AND lease_until >= :now AND project_id = coalesce(:project_id::uuid, project_id)
GROUP BY project_id, integration;

-- name: messages_lost
-- services.doctor: in flight longer than their lease; index messages_in_flight.
SELECT project_id, integration AS about, NULL AS code, NULL AS sentence, count(*) AS count, min(lease_until) AS since,
    NULL::timestamptz AS until
FROM messages
WHERE state = 'sending' AND lease_until < :now AND project_id = coalesce(:project_id::uuid, project_id)
GROUP BY project_id, integration;

-- name: messages_uncertain
-- services.doctor: nobody knows whether the provider has them; index messages_uncertain.
SELECT project_id, integration AS about, outcome_code AS code,
    concat_ws(' ', max(outcome_sentence), max(decision #>> '{looked,sentence}')) AS sentence, count(*) AS count,
    min(changed_at) AS since, NULL::timestamptz AS until
FROM messages
WHERE state = 'uncertain' AND project_id = coalesce(:project_id::uuid, project_id)
GROUP BY project_id, integration, outcome_code;

-- name: journeys_due
-- services.doctor: whose time has come and nobody has moved; index journeys_due.
SELECT project_id, scenario AS about, NULL AS code, NULL AS sentence, count(*) AS count, min(due_at) AS since,
    NULL::timestamptz AS until
FROM journeys
WHERE due_at <= :now AND parked_at IS NULL AND project_id = coalesce(:project_id::uuid, project_id)
GROUP BY project_id, scenario;

-- name: journeys_waiting
-- services.doctor: whose time has not come, or who await a reply (`awaiting` says so); of a great many those that are due
-- first, so that it takes no longer on a large store. Index journeys_due.
SELECT project_id, scenario AS about, awaiting AS code, NULL AS sentence, count(*) AS count, min(started_at) AS since,
    min(due_at) AS until
FROM (
    SELECT project_id, scenario, awaiting, started_at, due_at FROM journeys
    WHERE due_at > :now AND parked_at IS NULL AND project_id = coalesce(:project_id::uuid, project_id)
    ORDER BY due_at
    LIMIT :most
) first
GROUP BY project_id, scenario, awaiting;

-- name: journeys_parked
-- services.doctor: they broke their work and are tried again later; index journeys_parked.
SELECT project_id, scenario AS about, NULL AS code, NULL AS sentence, count(*) AS count, min(parked_at) AS since,
    min(due_at) AS until
FROM journeys
WHERE parked_at IS NOT NULL AND project_id = coalesce(:project_id::uuid, project_id)
GROUP BY project_id, scenario;

-- name: reports_unclaimed
-- services.doctor: reports of messages that we do not know by the provider's id; index early_reports_by_age.
SELECT project_id, NULL AS about, NULL AS code, NULL AS sentence, count(*) AS count, min(received_at) AS since,
    NULL::timestamptz AS until
FROM early_reports
WHERE received_at <= :now AND project_id = coalesce(:project_id::uuid, project_id)
GROUP BY project_id;

-- name: callbacks_unread
-- services.doctor: kept and answered, and nothing was made of them yet; all of them are looked at.
SELECT project_id, integration AS about, NULL AS code, NULL AS sentence, count(*) AS count, min(received_at) AS since,
    NULL::timestamptz AS until
FROM callbacks_unread
WHERE project_id = coalesce(:project_id::uuid, project_id)
GROUP BY project_id, integration;

-- name: callbacks_not_understood
-- services.doctor: lately, with one of the reasons; index callbacks_not_understood.
SELECT project_id, integration AS about, NULL AS code, max(problem) AS sentence, count(*) AS count,
    min(received_at) AS since, NULL::timestamptz AS until
FROM callbacks
WHERE (unknown > 0 OR problem IS NOT NULL) AND received_at >= :lately
    AND project_id = coalesce(:project_id::uuid, project_id)
GROUP BY project_id, integration;

-- name: consents_not_understood
-- services.doctor: lately, by category, with one of the reasons; index consents_with_problems.
SELECT project_id, nullif(category, '') AS about, NULL AS code, max(problem) AS sentence, count(*) AS count,
    min(created_at) AS since, NULL::timestamptz AS until
FROM consents
WHERE problem IS NOT NULL AND created_at >= :lately AND project_id = coalesce(:project_id::uuid, project_id)
GROUP BY project_id, category;

-- name: budgets_warned
-- services.doctor: of the period that runs, the worst that was told of each; primary key of budget_warnings.
SELECT w.project_id, w.budget AS about, NULL AS code, w.sentence, 1 AS count, w.warned_at AS since, w.until
FROM budget_warnings w
WHERE w.level = :level AND (w.until IS NULL OR w.until > :now) AND w.project_id = coalesce(:project_id::uuid, w.project_id)
    AND (w.level = 'over' OR NOT EXISTS (
        SELECT FROM budget_warnings o
        WHERE o.project_id = w.project_id AND o.budget = w.budget AND o.period = w.period AND o.level = 'over'
    ));
