"""What one would write first: a procrastinate job for each mail, which sends it and notes that it did.

one_job_a_mail.py DATABASE PORT enqueue|work
"""

from __future__ import annotations

import smtplib
import sys
import threading

import procrastinate
import psycopg

url, port, act = sys.argv[1:]
url += "?options=-csearch_path%3Dsvsm_cal"
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
own = threading.local()


@app.task(name="mail", queue="single")
def mail(number: int) -> None:
    if not hasattr(own, "smtp"):
        own.smtp = smtplib.SMTP("127.0.0.1", int(port), local_hostname="here.example.org")
        own.database = psycopg.connect(url, autocommit=True)
    [(sender, recipient, data)] = own.database.execute(
        "SELECT outbox.sender, outbox.recipient, body.data FROM outbox JOIN body USING (id) WHERE id = %s AND state = 'pending'",
        (number,),
    ).fetchall()
    own.smtp.sendmail(sender, [recipient], bytes(data))
    own.database.execute("UPDATE outbox SET state = 'sent', settled = 1 WHERE id = %s", (number,))


def main() -> None:
    if act == "work":
        app.open()
        app.run_worker(queues=["single"], wait=False, concurrency=1, delete_jobs="always", install_signal_handlers=False)
        return
    with psycopg.connect(url) as database, app.open():
        numbers = [number for (number,) in database.execute("SELECT id FROM outbox ORDER BY id")]
        mail.batch_defer(*({"number": number} for number in numbers))


main()
