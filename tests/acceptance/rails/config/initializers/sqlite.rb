# frozen_string_literal: true

# Several threads write here. SQLite would refuse one that has read before it writes, and would hold Ruby's lock while it
# waits for another writer, so that this one cannot get done. Rails 8 does both of this by itself.
module SeveralWriters
  def begin_db_transaction
    log("begin immediate transaction", "TRANSACTION") { @connection.transaction(:immediate) }
  end

  private

  def configure_connection
    super
    @connection.busy_handler { |tries| tries < 1000 && sleep(0.005) }
    execute("PRAGMA journal_mode = WAL", "SCHEMA")
  end
end

ActiveSupport.on_load(:active_record_sqlite3adapter) { prepend SeveralWriters } if Rails::VERSION::MAJOR < 8
